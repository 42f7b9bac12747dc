/** Internals of kafkajs may change with any version. This one was read, and is what the tests ran with. */
const knownVersion = '2.2.4';

/** Why its internals are left alone; null when the installed kafkajs is the known one. `load` is `require`. */
export function unknownKafkajs(load: (name: string) => unknown): string | null {
  const { version } = load('kafkajs/package.json') as { readonly version: string };
  return version === knownVersion ? null : `kafkajs ${version} is installed, and only ${knownVersion} is known`;
}
