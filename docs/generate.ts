import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles, generatedParts, withPart } from './generated';

/** `npm run docs`: writes the parts of docs/, and the files in it, that are made from code. */
function main(): void {
  for (const part of generatedParts) {
    const file = join(projectFolder(__dirname), 'docs', part.page);
    const before = readFileSync(file, 'utf8');
    const after = withPart(before, part);
    if (after !== before) writeFileSync(file, after);
    console.log(`docs/${part.page}: ${part.name} ${after === before ? 'was up to date' : 'written'}`);
  }
  for (const [name, text] of Object.entries(generatedFiles)) {
    writeFileSync(join(projectFolder(__dirname), 'docs', name), text());
    console.log(`docs/${name}: written`);
  }
}

/** From sources and from dist alike. */
function projectFolder(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : projectFolder(dirname(folder));
}

main();
