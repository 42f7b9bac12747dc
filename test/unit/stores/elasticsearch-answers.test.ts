import {
  bulkItems,
  judgeItem,
  refused,
  refusedField,
  type BulkItem,
  type ItemVerdict,
} from '../../../stores/elasticsearch/answers';
import { Unavailable } from '../../../model/errors';

describe('what one item of a bulk answer means', () => {
  const table: readonly (readonly [string, BulkItem, ItemVerdict])[] = [
    ['a document created', { status: 201 }, 'written'],
    ['a document replaced', { status: 200 }, 'written'],
    ['a delete of what is not there', { status: 404 }, 'written'],
    ['a version that is held', { status: 409, error: { type: 'version_conflict_engine_exception' } }, 'held'],
    ['another conflict', { status: 409, error: { type: 'resource_already_exists_exception' } }, 'unavailable'],
    ['no write alias', { status: 404, error: { type: 'index_not_found_exception' } }, 'fenced'],
    ['a value of another type', { status: 400, error: { type: 'document_parsing_exception' } }, 'unstorable'],
    ['the same, by its older name', { status: 400, error: { type: 'mapper_parsing_exception' } }, 'unstorable'],
    ['an unknown field', { status: 400, error: { type: 'strict_dynamic_mapping_exception' } }, 'unstorable'],
    ['a term that is too long', { status: 400, error: { type: 'illegal_argument_exception' } }, 'unstorable'],
    ['an unknown refusal', { status: 400, error: { type: 'something_new_exception' } }, 'unavailable'],
    ['a full queue', { status: 429, error: { type: 'es_rejected_execution_exception' } }, 'busy'],
    ['a full heap', { status: 429, error: { type: 'circuit_breaking_exception' } }, 'busy'],
    ['a document too large for the server', { status: 413, error: {} }, 'unstorable'],
    ['a missing shard', { status: 503, error: { type: 'unavailable_shards_exception' } }, 'unavailable'],
    ['a read-only index', { status: 403, error: { type: 'cluster_block_exception' } }, 'unavailable'],
    ['an error without a type', { status: 500, error: {} }, 'unavailable'],
    ['a status that should not be', { status: 500 }, 'unavailable'],
  ];
  test.each(table)('%s', (_, item, verdict) => {
    expect(judgeItem(item)).toBe(verdict);
  });
});

test('a bulk answer that does not speak of every action says nothing', () => {
  const items = [{ index: { status: 201 } }, { delete: { status: 404 } }];
  expect(bulkItems({ status: 200, body: { items } }, 2)).toEqual([{ status: 201 }, { status: 404 }]);
  for (const body of [{ items }, { items: [] }, {}, { items: 'none' }]) {
    expect(() => bulkItems({ status: 200, body }, 3)).toThrow(Unavailable);
  }
});

test('of a reason that quotes the document only the field goes on', () => {
  const reason = "[1:53] failed to parse field [price] of type [long] in document with id 'lines/1'. Preview: 'secret'";
  expect(refusedField({ status: 400, error: { reason } })).toBe('price');
  const strict = '[1:55] mapping set to strict, dynamic introduction of [zz] within [_doc] is not allowed';
  expect(refusedField({ status: 400, error: { reason: strict } })).toBe('zz');
  expect(refusedField({ status: 400, error: { reason: 'secret' } })).toBeNull();
  expect(refusedField({ status: 400 })).toBeNull();
});

test('a refusal says status, type and what to look at, and never the reason', () => {
  const body = { error: { type: 'cluster_block_exception', reason: 'secret' } };
  const { message } = refused({ status: 403, body }, 'a bulk');
  expect(message).toContain('403 (cluster_block_exception) to a bulk');
  expect(message).toContain('privileges');
  expect(message).not.toContain('secret');
  expect(refused({ status: 413, body: null }, 'a bulk').message).toContain('5 MiB');
});
