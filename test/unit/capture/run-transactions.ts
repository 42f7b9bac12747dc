import { decodeWalMessage, type Relation } from '../../../capture/pgoutput';
import { createTransactions } from '../../../capture/transactions';
import type { Change } from '../../../model/change';
import type { Position } from '../../../model/position';
import type { TableSchema } from '../../../model/schema';
import { wal } from './wal-bytes';

const column = (name: string, typeId: number, baseType: string) => ({
  name,
  typeId,
  type: baseType,
  baseType,
  notNull: false,
  generated: false,
});

const items: TableSchema = {
  name: 'public.items',
  relationId: 7,
  columns: [column('id', 23, 'int4'), column('note', 25, 'text')],
  key: ['id'],
  replicaIdentity: 'f',
  estimatedRows: -1,
};

export const relation = wal.relation(7, 'items', [
  ['id', 23],
  ['note', 25],
]);
/** As the session's own does it (layouts.test.ts), with two types only. */
function layoutOf({ relationId, columns }: Relation): TableSchema | null {
  if (relationId !== items.relationId) return null;
  return {
    ...items,
    columns: columns.map(({ name, typeId }) => column(name, typeId, typeId === 23 ? 'int4' : 'text')),
  };
}

/** Runs messages (or keepalives) and returns what came out, as short texts. */
export function run(
  messages: readonly (Buffer | bigint)[],
  last: Position = { lsn: '0', index: 0 },
  counts: (commitLsn: string) => boolean = () => true,
) {
  const out: string[] = [];
  const changes: Change[] = [];
  const transactions = createTransactions({
    tables: [items],
    layouts: { of: layoutOf },
    last,
    straight: { describe: () => undefined, encode: () => null },
    messages: { counts },
    sink: {
      begin: (xid) => out.push(`begin ${xid}`),
      touched: (_table, key) => out.push(`touched ${String(key['id'])}`),
      change: (change) => {
        changes.push(change);
        out.push(`${change.operation} ${String(change.key['id'])} @${change.position.lsn}/${change.position.index}`);
      },
      encoded: () => undefined,
      watches: () => false,
      message: ({ prefix, content, position, transaction }) =>
        out.push(
          `${prefix}: ${content.toString()} @${position.lsn}/${position.index} of ${transaction?.xid ?? 'none'}`,
        ),
      closed: (lsn, at) => out.push(`closed ${lsn}${at === null ? ' keepalive' : ''}`),
      truncated: (table) => out.push(`truncated ${table}`),
      truncation: ({ position }) => out.push(`truncation @${position.lsn}/${position.index}`),
      described: () => out.push('described'),
    },
  });
  for (const message of messages) {
    if (typeof message === 'bigint') transactions.keepalive(message);
    else transactions.accept(decodeWalMessage(message));
  }
  return { out, changes, open: transactions.open };
}
