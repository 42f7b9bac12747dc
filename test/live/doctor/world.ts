import { randomBytes } from 'node:crypto';
import type { Finding } from '../../../model/finding';
import { parsePipeline, type Pipeline, type PipelineFile } from '../../../model/pipeline';
import { examine } from '../../../worker/deps';
import { createDatabase, type Database } from '../../support/database';
import { quietKafka, type Admin } from '../../support/kafka';
import { testAddress } from '../../support/project';
import { dropSlots } from '../../support/slots';

type StoreFile = PipelineFile['stores'][string];

/** One set-up that nobody else has, whole and right: tests break it. */
export interface World {
  readonly name: string;
  readonly source: Database;
  /** Changed by tests before `findings`. */
  file: PipelineFile;
  readonly environment: Record<string, string>;
  kafkaBrokers: string[];
  readonly admin: Admin;
  /** Runs a statement in the source. */
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<unknown>;
  /** A request to Elasticsearch that must succeed. */
  readonly elasticsearch: (method: string, path: string, body?: object) => Promise<unknown>;
  /** The URL of the source for another role, who can do nothing yet. */
  readonly urlOf: (role: string, password?: string) => string;
  readonly changeStore: (name: 'replica' | 'search', changes: object) => void;
  /** Undone, last first, when the world ends. */
  readonly later: (undo: () => Promise<unknown>) => void;
  readonly pipeline: () => Pipeline;
  readonly findings: () => Promise<readonly Finding[]>;
  readonly close: () => Promise<void>;
}

export async function createWorld(): Promise<World> {
  const name = `doctor_${randomBytes(5).toString('hex')}`;
  const source = await createDatabase(testAddress('postgres'), name);
  await source.query('create table orders (id int primary key, title text, total numeric)');
  await source.query('create table products (id int primary key, title text)');
  const brokers = [testAddress('kafka')];
  const admin = quietKafka(name, brokers).admin();
  await admin.connect();
  const elasticsearchUrl = testAddress('elasticsearch');
  const undoing: (() => Promise<unknown>)[] = [];
  const tables = { 'public.orders': {}, 'public.products': { rename: { title: 'name' } } };
  const world: World = {
    name,
    source,
    file: {
      name,
      source: { url: { env: 'SOURCE_URL' }, tables: ['public.orders', 'public.products'] },
      log: { partitions: 2, windowDays: 1 },
      stores: {
        replica: { type: 'postgres', url: { env: 'REPLICA_URL' }, schema: name, tables },
        search: { type: 'elasticsearch', url: { env: 'SEARCH_URL' }, index: name, tables },
      },
    },
    environment: { SOURCE_URL: source.url, REPLICA_URL: source.url, SEARCH_URL: elasticsearchUrl },
    kafkaBrokers: brokers,
    admin,
    sql: (text, values) => source.query(text, values),
    async elasticsearch(method, path, body) {
      const answer = await fetch(`${elasticsearchUrl}/${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
      return answer.json();
    },
    urlOf(role, password) {
      const url = new URL(source.url);
      url.username = role;
      if (password !== undefined) url.password = password;
      return url.href;
    },
    changeStore(store, changes) {
      const changed = { ...world.file.stores[store], ...changes } as StoreFile;
      world.file = { ...world.file, stores: { ...world.file.stores, [store]: changed } };
    },
    later: (undo) => void undoing.push(undo),
    pipeline: () => parsePipeline(world.file),
    async findings() {
      const { environment, kafkaBrokers } = world;
      const reports = await examine({ pipeline: world.pipeline(), environment, kafkaBrokers });
      return reports.flatMap(({ findings }) => findings);
    },
    async close() {
      try {
        for (const undo of undoing.reverse()) await undo();
        await dropSlots(source, name);
      } finally {
        await Promise.all([source.close(), admin.disconnect()]);
      }
    },
  };
  return world;
}

/** A role of this world that may log in and nothing else, and whose rights end with the world. */
export async function createRole(world: World, attributes = ''): Promise<string> {
  const role = `${world.name}_role`;
  await world.sql(`create role ${role} login ${attributes}`);
  world.later(async () => world.sql(`drop owned by ${role}; drop role ${role}`));
  return role;
}

/** What a set-up must be told: the one finding of this code, where it is and how it is mended. */
export interface Told {
  readonly code: Finding['code'];
  readonly where: string;
  readonly cure: string;
}

export function expectTold(findings: readonly Finding[], { code, where, cure }: Told): void {
  const told = findings.filter((each) => each.code === code && each.where.includes(where));
  expect({ told, all: findings.map((each) => `${each.code} ${each.where}`) }).toMatchObject({
    told: [{ code, where: expect.stringContaining(where) as string, cure: expect.stringContaining(cure) as string }],
  });
  expect(told[0]?.what).not.toBe('');
  expect(told[0]?.why).not.toBe('');
}
