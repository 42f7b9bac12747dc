import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly disable?: boolean };
}

interface Compose {
  readonly services?: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** Order and quotes are ours: by what depends on what, and a list within one line needs its quotes. */
const rules = {
  'no-build-and-image': 0,
  'no-quotes-in-volumes': 0,
  'service-keys-order': 0,
  'services-alphabetical-order': 0,
  'service-dependencies-alphabetical-order': 0,
  'top-level-properties-order': 0,
  'require-quotes-in-ports': [2, { quoteType: 'single' }],
  'no-unbound-port-interfaces': 2,
  'no-duplicate-exported-ports': 2,
  'service-image-require-explicit-tag': 2,
} as const satisfies ConstructorParameters<typeof DCLinter>[0]['rules'];

/**
 * What is wrong with a compose file, without an engine: against the Compose Specification's schema, then against what
 * the schema cannot know. Empty: nothing.
 */
export function composeProblems(file: string): string[] {
  const [result] = new DCLinter({ rules, quiet: true, debug: false, exclude: [] }).lintFiles([file], false);
  const linted = (result?.messages ?? []).map(({ rule, line, message }) => `line ${line}: ${message} (${rule})`);
  // What is not of the specification's form cannot be asked further.
  if (linted.some((problem) => /\((invalid-yaml|invalid-schema)\)$/.test(problem))) return linted;
  const text = readFileSync(file, 'utf8');
  const compose = parse(text, { merge: true }) as Compose;
  return [...linted, ...undefaulted(text), ...volumeProblems(compose), ...serviceProblems(compose, dirname(file))];
}

/** A variable without a default makes `docker compose up` on a fresh checkout an error, or worse an empty word. */
function undefaulted(text: string): string[] {
  const variables = [...text.matchAll(/(?<!\$)\$(?:\{([^}]*)\}|(\w+))/g)].map(([whole, braced]) => ({ whole, braced }));
  return variables
    .filter(({ braced }) => !/^\w+:-./.test(braced ?? ''))
    .map(({ whole }) => `${whole} has no default: write \${NAME:-value}.`);
}

function volumeProblems({ services = {}, volumes = {} }: Compose): string[] {
  const used = new Set(Object.values(services).flatMap((service) => (service.volumes ?? []).map(sourceOf)));
  return Object.keys(volumes)
    .filter((name) => !used.has(name))
    .map((name) => `volume ${name} is declared and not used.`);
}

function serviceProblems(compose: Compose, directory: string): string[] {
  return Object.entries(compose.services ?? {}).flatMap(([name, service]) =>
    [
      ...dependencyProblems(compose, service),
      ...mountProblems(compose, service, directory),
      ...portProblems(service),
    ].map((problem) => `service ${name}: ${problem}`),
  );
}

function dependencyProblems({ services = {} }: Compose, { depends_on = {} }: Service): string[] {
  return Object.entries(depends_on).flatMap(([name, { condition }]) => {
    const needed = services[name];
    if (!needed) return [`depends on ${name}, which is not there.`];
    // An image of ours brings its own check, unless the service says that it does not count.
    const isChecked = needed.healthcheck ? needed.healthcheck.disable !== true : needed.build !== undefined;
    if (condition === 'service_healthy' && !isChecked) return [`waits for ${name} to be healthy, which has no check.`];
    if (condition === 'service_completed_successfully' && (needed.restart ?? 'no') !== 'no')
      return [`waits for the end of ${name}, which is started again when it ends.`];
    return [];
  });
}

function mountProblems({ volumes = {} }: Compose, service: Service, directory: string): string[] {
  const sources = (service.volumes ?? []).map(sourceOf);
  const missing = sources.filter((source) =>
    source.startsWith('.') ? !existsSync(resolve(directory, source)) : !(source in volumes),
  );
  const build = service.build === undefined ? [] : [`${service.build}/Dockerfile`];
  const absent = build.filter((source) => !existsSync(resolve(directory, source)));
  return [
    ...missing.map((source) => `mounts ${source}, which is neither a file here nor a declared volume.`),
    ...absent.map((source) => `is built from ${source}, which is not there.`),
  ];
}

/** No server here asks for a password: whoever reaches the port owns the data. */
function portProblems({ ports = [] }: Service): string[] {
  return ports
    .filter((port) => !port.startsWith('127.0.0.1:'))
    .map((port) => `port ${port} is open to other machines: begin it with 127.0.0.1:`);
}

function sourceOf(mount: string): string {
  return mount.split(':')[0] ?? mount;
}
