import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { ValidationSeverity, validate } from 'dockerfile-utils';

/**
 * What is wrong with a Dockerfile, without an engine: a linter's findings, then what we promise of the image: pinned
 * bases, its last stage without root, with a health check, and with a program that gets the signal itself. Empty: nothing.
 */
export function dockerfileProblems(text: string): string[] {
  const strict = ValidationSeverity.ERROR;
  const linted = validate(text, {
    deprecatedMaintainer: strict,
    directiveCasing: strict,
    emptyContinuationLine: strict,
    instructionCasing: strict,
    instructionCmdMultiple: strict,
    instructionEntrypointMultiple: strict,
    instructionHealthcheckMultiple: strict,
    instructionJSONInSingleQuotes: strict,
    instructionWorkdirRelative: strict,
  }).map(
    ({ range, message }) => `line ${range.start.line + 1}: ${typeof message === 'string' ? message : message.value}`,
  );
  return [...linted, ...baseProblems(text), ...runtimeProblems(text)];
}

function baseProblems(text: string): string[] {
  const file = DockerfileParser.parse(text);
  const stages = new Set<string>();
  return file.getFROMs().flatMap((from) => {
    const image = from.getImage() ?? '';
    const isStage = stages.has(image);
    const stage = from.getBuildStage();
    if (stage !== null) stages.add(stage);
    const tag = withArguments(image, text).split(':')[1] ?? '';
    return isStage || /^\d+\.\d+\.\d+-/.test(tag) ? [] : [`FROM ${image}: pin all three numbers and the system.`];
  });
}

/** Only `ARG`s before the first FROM may be used there. */
function withArguments(image: string, text: string): string {
  const file = DockerfileParser.parse(text);
  return file.getInitialARGs().reduce((named, arg) => {
    const property = arg.getProperty();
    return property ? named.replaceAll(`\${${property.getName()}}`, property.getValue() ?? '') : named;
  }, image);
}

function runtimeProblems(text: string): string[] {
  const file = DockerfileParser.parse(text);
  const last = file.getFROMs().at(-1);
  const from = last?.getRange().start.line ?? 0;
  const stage = file.getInstructions().filter((instruction) => instruction.getRange().start.line > from);
  const all = (keyword: string) => stage.filter((instruction) => instruction.getKeyword() === keyword);
  const user = all('USER').at(-1)?.getArgumentsContent() ?? 'root';
  return [
    ...(user === 'root' || user === '0' ? ['The last stage runs as root: add USER.'] : []),
    ...(all('HEALTHCHECK').length === 0 ? ['The last stage has no HEALTHCHECK.'] : []),
    ...[...all('CMD'), ...all('ENTRYPOINT')]
      .filter((instruction) => !isExecForm(instruction))
      .map((instruction) => `${instruction.getKeyword()} runs in a shell, which keeps SIGTERM to itself: use ["…"].`),
    ...(all('CMD').length + all('ENTRYPOINT').length === 0 ? ['The last stage starts nothing: add CMD.'] : []),
    ...(all('CMD').some((command) => /"(npm|npx|yarn)"/.test(command.getArgumentsContent() ?? ''))
      ? ['CMD goes through npm, which does not hand SIGTERM on: start node itself.']
      : []),
  ];
}

function isExecForm(instruction: Instruction): boolean {
  return (instruction.getArgumentsContent() ?? '').startsWith('[');
}
