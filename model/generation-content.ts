import type { StoreDefinition } from './pipeline-file';

/**
 * What of a store's definition decides how a generation of it is built: two that differ in nothing else are one build. Where
 * the store is, what it has to promise and what becomes of poison are none of it. Pure, and JSON: its hash is the mapping's.
 *
 * The tables alone where nothing else is said: so it was before there was more.
 */
export function generationContent(definition: StoreDefinition): unknown {
  const { tables } = definition;
  const asked = askedBeside(definition);
  return Object.values(asked).every((each) => each === undefined) ? tables : { tables, ...asked };
}

function askedBeside(definition: StoreDefinition): Readonly<Record<string, unknown>> {
  switch (definition.type) {
    case 'postgres':
      return { indexes: definition.indexes, parallel: definition.parallel };
    case 'elasticsearch': {
      const { settings, fields, dynamicTemplates } = definition;
      return { settings, fields, dynamicTemplates };
    }
    case 'redis':
      return { as: definition.as === 'hash' ? definition.as : undefined };
  }
}
