import { parseCommand } from '../../../../client/arguments';

const line = (...argv: string[]) => parseCommand(['init', ...argv]);

const plain = {
  name: 'init',
  urlEnv: 'DATABASE_URL',
  pipeline: null,
  stores: [{ name: 'replica', type: 'postgres', urlEnv: 'REPLICA_URL' }],
  tables: [],
  out: 'pipeline.json',
  force: false,
  json: false,
};

it.each<[string[], object]>([
  [[], {}],
  [['--url-env', 'SHOP_URL', '--name', 'shop'], { urlEnv: 'SHOP_URL', pipeline: 'shop' }],
  [['--out', '-', '--force', '--json'], { out: '-', force: true, json: true }],
  [
    ['--store', 'search=elasticsearch:S', '--store', 'copy=postgres:C'],
    {
      stores: [
        { name: 'search', type: 'elasticsearch', urlEnv: 'S' },
        { name: 'copy', type: 'postgres', urlEnv: 'C' },
      ],
    },
  ],
  [['--tables', 'public.*, lab."a,b"', '--tables', 'x.y'], { tables: ['public.*', 'lab."a,b"', 'x.y'] }],
])('reads: slipstream init %j', (argv, expected) => {
  expect(line(...argv)).toEqual({ ...plain, ...expected });
});

it.each<[string[], RegExp]>([
  [['shop'], /options only; 'shop' is too much/],
  [['--store', 'search'], /NAME=TYPE:VARIABLE/],
  [['--store', 'search=mysql:S'], /'mysql' is no kind of store\. Write postgres, elasticsearch, redis/],
  [['--store', 'a=postgres:A', '--store', 'a=postgres:B'], /names 'a' twice/],
  [['--url-env', 'not a name'], /the name of an environment variable/],
  [['--tabels', 'x'], /--tabels/],
])('refuses, saying why: slipstream init %j', (argv, why) => {
  expect(() => line(...argv)).toThrow(why);
});

it.each([
  [['postgres://u:hunter2@h/d']],
  [['--url-env', 'postgres://u:hunter2@h/d']],
  [['--url-env', 'hunter2!']],
  [['--store', 'replica=postgres:postgres://u:hunter2@h/d']],
])('refuses a secret without repeating it: slipstream init %j', (argv) => {
  const refusal = () => line(...argv);
  expect(refusal).toThrow(/environment variable|shell's history/);
  expect(refusal).not.toThrow(/hunter2/);
});
