import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DockerfileParser, type Copy, type From, type Instruction, type JSONInstruction } from 'dockerfile-ast';

/** What an image would hold and start, as a folder. */
export interface ImageFolder {
  /** The image's root. */
  readonly folder: string;
  readonly workDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

interface Stage {
  readonly folder: string;
  workDirectory: string;
  environment: Record<string, string>;
  command: readonly string[];
  healthCheck: readonly string[];
}

/**
 * Carries out a Dockerfile of Node programs without an engine: each stage is a folder, COPY copies what .dockerignore
 * lets through, RUN runs with this machine's Node and npm. What it cannot show: the base image's own files and users.
 * Throws for an instruction it does not know.
 */
export function buildImageFolder(input: { readonly project: string; readonly into: string }): ImageFolder {
  const { project, into } = input;
  const file = DockerfileParser.parse(readFileSync(join(project, 'Dockerfile'), 'utf8'));
  const context = join(into, 'context');
  for (const name of allowed(readFileSync(join(project, '.dockerignore'), 'utf8'))) {
    if (existsSync(join(project, name))) cpSync(join(project, name), join(context, name), { recursive: true });
  }
  const stages = new Map<string, Stage>();
  let stage: Stage | null = null;
  for (const instruction of file.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      const name = from.getBuildStage() ?? 'last';
      stage = begun(join(into, name), stages.get(from.getImage() ?? '') ?? null);
      stages.set(name, stage);
    } else if (stage) carryOut(instruction, { stage, stages, context });
  }
  if (!stage) throw new Error('The Dockerfile has no FROM.');
  return stage;
}

/** Everything is left out but what is named: so it is seen at once what an image can hold. */
export function allowed(dockerignore: string): string[] {
  const lines = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [first, ...rest] = lines;
  if (first !== '*' || !rest.every((line) => /^![\w.-]+(\/[\w.-]+)*$/.test(line)))
    throw new Error('.dockerignore: begin with * and go on with !name lines, so that what is not named stays out.');
  return rest.map((line) => line.slice(1));
}

function begun(folder: string, base: Stage | null): Stage {
  mkdirSync(folder, { recursive: true });
  if (!base) return { folder, workDirectory: '/', environment: {}, command: [], healthCheck: [] };
  cpSync(base.folder, folder, { recursive: true });
  return { ...base, environment: { ...base.environment }, folder };
}

function carryOut(
  instruction: Instruction,
  { stage, stages, context }: { stage: Stage; stages: ReadonlyMap<string, Stage>; context: string },
): void {
  const content = instruction.getArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      stage.workDirectory = content;
      mkdirSync(join(stage.folder, content), { recursive: true });
      return;
    case 'COPY': {
      const copy = instruction as Copy;
      const from = stages.get(copy.getFromFlag()?.getValue() ?? '')?.folder ?? context;
      copyInto(
        stage,
        from,
        copy.getArguments().map((argument) => argument.getValue()),
      );
      return;
    }
    case 'RUN':
      execFileSync('/bin/sh', ['-c', content], {
        cwd: join(stage.folder, stage.workDirectory),
        env: { ...process.env, ...stage.environment },
        // A compiler tells what is wrong on its standard output.
        stdio: ['ignore', process.stderr, process.stderr],
      });
      return;
    case 'ENV':
      for (const [name, value] of assignments(content)) stage.environment[name] = value;
      return;
    case 'CMD':
      stage.command = strings(instruction as JSONInstruction);
      return;
    case 'HEALTHCHECK':
      stage.healthCheck = JSON.parse(content.slice(content.indexOf('['))) as string[];
      return;
    case 'LABEL':
    case 'USER':
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return;
    default:
      throw new Error(`The rehearsal does not know ${instruction.getKeyword()}; teach it to test/docker.`);
  }
}

function copyInto(stage: Stage, from: string, paths: readonly string[]): void {
  const to = paths.at(-1) ?? '.';
  const destination = join(stage.folder, stage.workDirectory, to);
  mkdirSync(to.endsWith('/') ? destination : join(destination, '..'), { recursive: true });
  for (const path of paths.slice(0, -1)) {
    const source = join(from, path);
    if (!statSync(source).isDirectory())
      cpSync(source, to.endsWith('/') ? join(destination, basename(path)) : destination);
    // The content of a folder, not the folder.
    else
      for (const name of readdirSync(source)) cpSync(join(source, name), join(destination, name), { recursive: true });
  }
}

function assignments(content: string): [string, string][] {
  return content.split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
}

function strings(instruction: JSONInstruction): string[] {
  return instruction.getJSONStrings().map((text) => JSON.parse(text.getValue()) as string);
}
