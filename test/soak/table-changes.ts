import type { Random } from '../support/random';

/** A column that comes and goes; those that stores know a table by are not among them. */
export interface LooseColumn {
  readonly name: string;
  readonly type: string;
}

/** A side table as its changes so far have made it. */
export interface Shape {
  readonly table: 'sheets' | 'forms';
  /** Number of the next column: no name is used twice, so none can be mistaken for one that is gone. */
  readonly next: number;
  readonly columns: readonly LooseColumn[];
}

export const tableChangeKinds = ['add', 'add-filled', 'default', 'drop', 'rename', 'widen'] as const;
export type TableChangeKind = (typeof tableChangeKinds)[number];

export interface TableChange {
  readonly kind: TableChangeKind;
  /** Behind `alter table …`. */
  readonly clause: string;
  readonly after: Shape;
}

/** Every generation of every store that takes the column survives these; the others only where no store takes it. */
const survivedByTakers: readonly TableChangeKind[] = ['add', 'add-filled', 'default'];

/** PostgreSQL counts dropped columns among 1,600, an index its fields among 1,000. */
const mostColumns: Readonly<Record<Shape['table'], number>> = { sheets: 1_000, forms: 60 };

const types = ['smallint', 'integer', 'varchar(20)', 'varchar(200)', 'numeric(8,2)'] as const;
const widened: Readonly<Record<string, string>> = {
  smallint: 'integer',
  integer: 'bigint',
  'varchar(20)': 'varchar(200)',
  'varchar(200)': 'text',
  'numeric(8,2)': 'numeric(12,2)',
};

/** SQL for some value of it, another one each time. */
export function valueOf({ type }: LooseColumn): string {
  if (type.startsWith('numeric')) return 'round((random() * 1000)::numeric, 2)';
  return type === 'text' || type.startsWith('varchar') ? `'v' || floor(random() * 1000)` : 'floor(random() * 1000)';
}

/** Draws one that this table can have now. Pure. */
export function drawTableChange(shape: Shape, random: Random): TableChange {
  const { columns } = shape;
  const wide = columns.filter(({ type }) => type in widened);
  const possible = tableChangeKinds.filter((kind) => {
    if (shape.table === 'forms' && !survivedByTakers.includes(kind)) return false;
    if (kind === 'add' || kind === 'add-filled') return shape.next < mostColumns[shape.table];
    return kind === 'widen' ? wide.length > 0 : columns.length > 0;
  });
  const kind = random.pick(possible);
  switch (kind) {
    case 'add':
    case 'add-filled': {
      const column = { name: `${shape.table}_${shape.next}`, type: random.pick(types) };
      // A constant stands in the catalogue, for every row; one of each row's own writes the table anew.
      const filled = random.pick([`default ${constantOf(column)}`, `not null default ${valueOf(column)}`]);
      return {
        kind,
        clause: `add column ${column.name} ${column.type}${kind === 'add' ? '' : ` ${filled}`}`,
        after: { ...shape, next: shape.next + 1, columns: [...columns, column] },
      };
    }
    case 'default': {
      const column = random.pick(columns);
      return { kind, clause: `alter column ${column.name} set default ${constantOf(column)}`, after: shape };
    }
    case 'drop': {
      const column = random.pick(columns);
      return {
        kind,
        clause: `drop column ${column.name}`,
        after: { ...shape, columns: columns.filter((each) => each !== column) },
      };
    }
    case 'rename': {
      const column = random.pick(columns);
      const name = `${shape.table}_${shape.next}`;
      return {
        kind,
        clause: `rename column ${column.name} to ${name}`,
        after: { ...shape, next: shape.next + 1, columns: replaced(columns, column, { ...column, name }) },
      };
    }
    case 'widen': {
      const column = random.pick(wide);
      const type = widened[column.type] ?? column.type;
      return {
        kind,
        clause: `alter column ${column.name} type ${type}`,
        after: { ...shape, columns: replaced(columns, column, { ...column, type }) },
      };
    }
  }
}

function constantOf({ type }: LooseColumn): string {
  return type === 'text' || type.startsWith('varchar') ? `'all'` : '7';
}

function replaced(columns: readonly LooseColumn[], column: LooseColumn, by: LooseColumn): LooseColumn[] {
  return columns.map((each) => (each === column ? by : each));
}
