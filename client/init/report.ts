import type { InventoryTable, LeftOut } from '../../model/inventory';
import type { InitPlan, StoreRemark } from './plan';
import { bytes, count, right } from '../text';

/** What people are shown of a first pipeline: its tables, those left out and why, and what differs in the stores. */
export function reportLines({ tables, leftOut, remarks }: Omit<InitPlan, 'file'>): string[] {
  return [
    ...heading(`${tables.length} tables will be captured`, tableLines(tables)),
    ...heading(`${leftOut.length} tables are left out`, leftOutLines(leftOut)),
    ...heading('In the stores', remarkLines(remarks)),
  ];
}

/** What to type next. */
export function nextSteps(input: {
  readonly path: string;
  readonly pipeline: string;
  readonly variables: readonly string[];
}): string[] {
  const { path, pipeline, variables } = input;
  return [
    `look it over            ${path}`,
    `set in the worker       ${variables.join(', ')}`,
    `check everything        slipstream doctor ${path}`,
    `start it                slipstream start ${path}`,
    `see it                  slipstream status ${pipeline} --watch`,
  ];
}

function heading(text: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [text, ...lines.map((line) => `  ${line}`), ''];
}

function tableLines(tables: readonly InventoryTable[]): string[] {
  const width = Math.max(5, ...tables.map(({ schema }) => schema.name.length));
  const line = (name: string, rows: string, size: string, key: string) =>
    `${name.padEnd(width)} ${right(rows, 13)} ${right(size, 10)}   ${key}`;
  return [
    line('table', 'rows', 'size', 'key'),
    ...tables.map(({ schema, rows, bytes: size }) =>
      line(schema.name, rows === null ? 'unknown' : count(rows), bytes(size), schema.key.join(', ')),
    ),
  ];
}

/** Tables left out for one reason are one line: a partitioned table may have hundreds of partitions. */
function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  return grouped(leftOut, ({ code, what, cure }) =>
    cure === null ? `${code} ${what}` : `${code} ${what} ${cure}`,
  ).map((group) => {
    const [first] = group;
    const reason = [first.what, first.cure].filter((part) => part !== null).join(' ');
    return `${listed(group.map(({ table }) => table))}: ${reason}`;
  });
}

function remarkLines(remarks: readonly StoreRemark[]): string[] {
  return grouped(remarks, ({ store, remark }) => `${store} ${remark}`).map((group) => {
    const [first] = group;
    return `${first.store}  ${listed(group.map(({ table, column }) => `${table}.${column}`))}: ${first.remark}`;
  });
}

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): [Item, ...Item[]][] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
