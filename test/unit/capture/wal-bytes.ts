/** Builds pgoutput messages byte by byte, independently of the decoder. */
const text = (value: string) => Buffer.concat([Buffer.from(value), Buffer.from([0])]);
const u8 = (value: number) => Buffer.from([value]);
const u16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const i64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const tag = (letter: string, ...parts: Buffer[]) => Buffer.concat([Buffer.from(letter), ...parts]);

export type Cell = string | null | undefined;

export const tuple = (cells: readonly Cell[]) =>
  Buffer.concat([
    u16(cells.length),
    ...cells.map((cell) => {
      if (cell === null) return Buffer.from('n');
      if (cell === undefined) return Buffer.from('u');
      return Buffer.concat([Buffer.from('t'), u32(Buffer.byteLength(cell)), Buffer.from(cell)]);
    }),
  ]);

export const wal = {
  begin: (commitLsn: bigint, xid: number, micros = 0n) => tag('B', i64(commitLsn), i64(micros), u32(xid)),
  commit: (commitLsn: bigint, endLsn: bigint, micros = 0n) => tag('C', u8(0), i64(commitLsn), i64(endLsn), i64(micros)),
  relation: (id: number, name: string, columns: readonly (readonly [string, number, boolean?])[]) =>
    tag(
      'R',
      u32(id),
      text('public'),
      text(name),
      Buffer.from('f'),
      u16(columns.length),
      ...columns.map(([column, typeId, identity = true]) =>
        Buffer.concat([u8(identity ? 1 : 0), text(column), u32(typeId), u32(0xffffffff)]),
      ),
    ),
  insert: (id: number, row: readonly Cell[]) => tag('I', u32(id), Buffer.from('N'), tuple(row)),
  update: (id: number, row: readonly Cell[], old?: { kind: 'O' | 'K'; row: readonly Cell[] }) =>
    tag('U', u32(id), ...(old ? [Buffer.from(old.kind), tuple(old.row)] : []), Buffer.from('N'), tuple(row)),
  delete: (id: number, old: { kind: 'O' | 'K'; row: readonly Cell[] }) =>
    tag('D', u32(id), Buffer.from(old.kind), tuple(old.row)),
  message: (prefix: string, content: Buffer, options: { readonly lsn: bigint; readonly transactional: boolean }) =>
    tag('M', u8(options.transactional ? 1 : 0), i64(options.lsn), text(prefix), u32(content.length), content),
  truncate: (...ids: number[]) => tag('T', u32(ids.length), u8(0), ...ids.map(u32)),
};
