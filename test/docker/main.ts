import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeProblems } from './compose-problems';
import { dockerfileProblems } from './dockerfile-problems';

/** `npm run check` runs this from the project's folder: what is wrong with the two files, and exit code 1 if anything. */
const checks = {
  'docker-compose.yml': () => composeProblems('docker-compose.yml'),
  Dockerfile: () => dockerfileProblems(readFileSync(join('Dockerfile'), 'utf8')),
};

for (const [file, check] of Object.entries(checks)) {
  const problems = check();
  process.stdout.write(`${file}: ${problems.length === 0 ? 'nothing to say' : ''}\n`);
  for (const problem of problems) process.stdout.write(`  ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
