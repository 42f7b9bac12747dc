import { InvalidConfig } from '../errors';
import { versionsOf, type Transforms } from './transform';

/** What a worker was given, if each has a version of its own and a function. Throws `InvalidConfig` naming what has not. */
export function checkTransforms(transforms: Transforms): Transforms {
  for (const name of Object.keys(transforms)) {
    const versions = versionsOf(transforms, name);
    const refuse = (what: string): never => {
      throw new InvalidConfig(
        `Transform '${name}' ${what}. Register it as { version: '1', map(row, context) { … } }; "earlier" is a list of such.`,
      );
    };
    for (const { version, map } of versions as readonly { version: unknown; map: unknown }[]) {
      if (typeof version !== 'string' || !/^.{1,100}$/.test(version))
        refuse('has a version that is no text of 1 to 100 characters');
      if (typeof map !== 'function') refuse(`has no function 'map' in version ${String(version)}`);
    }
    const names = versions.map(({ version }) => version);
    if (new Set(names).size < names.length) refuse('has two functions under one version');
  }
  return transforms;
}
