import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import { allDocuments, documentsOf, idsBeginWith, madeColumns, type TargetDocument } from './mapping';
import type { DocumentMapping } from './mapping-file';
import type { StoreDefinition } from './pipeline-file';
import { idProblem } from './rules/document-id';
import { parseTemplate } from './rules/template';

/** What can be seen of a store's mappings without their tables: names that meet, and rules that lead nowhere. */
export function checkMappings(store: string, definition: StoreDefinition): Finding[] {
  const place = `stores.${store}.tables`;
  return [
    ...Object.keys(definition.tables).flatMap((table) => [
      ...checkAlone(`${place}.${table}`, definition.tables[table]),
      ...placed(definition, `${place}.${table}`, table).flatMap(({ where, document }) =>
        checkDocument(where, document, definition.type),
      ),
    ]),
    ...checkTargets(definition, place),
    ...checkBeginnings(definition, place),
  ];
}

/** The documents of a table, each with its place in the file. */
function placed(definition: StoreDefinition, place: string, table: string) {
  const several = definition.tables[table]?.documents !== undefined;
  return documentsOf(definition, table).map((document, at) => ({
    where: several ? `${place}.documents.${at}` : place,
    document,
  }));
}

function checkAlone(where: string, mapping: StoreDefinition['tables'][string] | undefined): Finding[] {
  const { documents, ...others } = mapping ?? {};
  const beside = Object.entries(others).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (documents === undefined || beside.length === 0) return [];
  const what = `${beside.join(', ')} would be passed over beside "documents".`;
  return [finding('unknown-key', { where, what, cure: 'Move it into the documents that it is meant for.' })];
}

function checkDocument(where: string, { target, mapping }: TargetDocument, type: StoreDefinition['type']): Finding[] {
  return [
    ...(target.startsWith('_slipstream')
      ? [
          finding('reserved-name', {
            where: `${where}.into`,
            what: 'names beginning with _slipstream are reserved.',
            cure: 'Choose another.',
          }),
        ]
      : []),
    ...checkRename(where, mapping),
    ...checkId(`${where}.id`, mapping, type),
    ...checkTemplates(where, mapping),
    ...(type === 'postgres' ? checkLengths(where, mapping) : []),
  ];
}

/** A target holds documents of one kind, whose ids and columns are its own. */
function checkTargets(definition: StoreDefinition, place: string): Finding[] {
  const taken = new Map<string, string>();
  return Object.keys(definition.tables).flatMap((table) =>
    placed(definition, `${place}.${table}`, table).flatMap(({ where, document: { target } }) => {
      const other = taken.get(target);
      taken.set(target, other ?? table);
      if (other === undefined) return [];
      const what = `'${target}' is already the target of ${other}.`;
      const cure = other === table ? 'Give each document a target of its own.' : 'Give each table a target of its own.';
      return [finding('named-twice', { where: `${where}.into`, what, cure })];
    }),
  );
}

/** Two documents never have one id if no id of the one kind can begin like those of the other. */
function checkBeginnings(definition: StoreDefinition, place: string): Finding[] {
  if (definition.type === 'postgres') return [];
  const all = allDocuments(definition);
  return all.flatMap((document, at) => {
    const other = all.find((each, index) => index !== at && meet(idsBeginWith(each), idsBeginWith(document)));
    if (other === undefined || document.mapping.id === undefined || other.target === document.target) return [];
    return finding('id-incomplete', {
      where: `${place}.${document.table}.id`,
      what: `ids of '${document.target}' begin with '${idsBeginWith(document)}', those of '${other.target}' with '${idsBeginWith(other)}', and could be the same.`,
      cure: 'Begin each with a text that the other does not begin with.',
    });
  });
}

function meet(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function checkId(where: string, { id }: DocumentMapping, type: StoreDefinition['type']): Finding[] {
  if (id === undefined) return [];
  if (type === 'postgres') {
    const what = 'a row of a replica is known by its key columns, and has no other id.';
    return [finding('wrong-value', { where, what, cure: 'Remove it, or make it a field with a template.' })];
  }
  const problem = idProblem(id);
  return problem === null ? [] : [finding('wrong-value', { where, what: problem, cure: 'Correct it.' })];
}

function checkTemplates(place: string, { fields = {} }: DocumentMapping): Finding[] {
  return Object.entries(fields).flatMap(([name, { template }]) => {
    const parts = template === undefined ? [] : parseTemplate(template);
    if (typeof parts !== 'string') return [];
    const cure = 'Write {column}, {column|text in place of NULL}, and {{ or }} for a brace.';
    return [finding('wrong-value', { where: `${place}.fields.${name}.template`, what: `${parts}.`, cure })];
  });
}

function checkRename(place: string, { select, rename = {} }: DocumentMapping): Finding[] {
  const unselected = Object.keys(rename).filter((column) => select && !select.includes(column));
  const names = Object.values(rename);
  return [
    ...unselected.map((column) =>
      finding('rename-not-selected', {
        where: `${place}.rename.${column}`,
        what: 'the column is not selected.',
        cure: suggest(column, select ?? [], 'Select it, or do not rename it.'),
      }),
    ),
    ...(new Set(names).size === names.length
      ? []
      : [
          finding('mapping-conflict', {
            where: `${place}.rename`,
            what: 'two columns get the same name.',
            cure: 'Give each a name of its own.',
          }),
        ]),
  ];
}

/** What PostgreSQL keeps of a name. */
const nameBytes = 63;

function checkLengths(place: string, mapping: DocumentMapping): Finding[] {
  const { into, rename = {} } = mapping;
  const names = [
    ...(into === undefined ? [] : [{ where: `${place}.into`, name: into }]),
    ...Object.entries(rename).map(([column, name]) => ({ where: `${place}.rename.${column}`, name })),
    ...madeColumns(mapping).map(({ name }) => ({ where: `${place}.fields.${name}`, name })),
  ];
  return names
    .filter(({ name }) => utf8Length(name) > nameBytes)
    .map(({ where, name }) => {
      const what = `'${name}' has ${utf8Length(name)} bytes, and PostgreSQL keeps ${nameBytes} of a name.`;
      return finding('name-too-long', { where, what, cure: 'Choose a shorter one.' });
    });
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
