import { parseCommand } from '../../../client/arguments';
import { CommandFailure } from '../../../client/outcome';

const line = (text: string) => parseCommand(text === '' ? [] : text.split(' '));

describe('parseCommand', () => {
  it.each([
    ['', { name: 'help', json: false }],
    ['--help', { name: 'help', json: false }],
    ['status --help', { name: 'help', json: false }],
    ['start shop.json', { name: 'start', file: 'shop.json', json: false }],
    ['start shop.json --json', { name: 'start', file: 'shop.json', json: true }],
    ['status shop', { name: 'status', pipeline: 'shop', watch: false, json: false }],
    ['status shop --watch', { name: 'status', pipeline: 'shop', watch: true, json: false }],
    ['pause shop', { name: 'pause', pipeline: 'shop', store: null, json: false }],
    ['resume shop --store search', { name: 'resume', pipeline: 'shop', store: 'search', json: false }],
    ['retry --store search shop', { name: 'retry', pipeline: 'shop', store: 'search', json: false }],
    [
      'copy shop --table public.a --key {"id":1} --key {"id":"2"}',
      { name: 'copy', pipeline: 'shop', order: { table: 'public.a', keys: [{ id: 1 }, { id: '2' }] }, json: false },
    ],
    ['copy shop --pause', { name: 'copy', pipeline: 'shop', order: { action: 'pause' }, json: false }],
    ['stop shop', { name: 'stop', pipeline: 'shop', json: false }],
    ['wait shop', { name: 'wait', pipeline: 'shop', timeoutSeconds: 600, json: false }],
    ['wait shop --timeout 2.5', { name: 'wait', pipeline: 'shop', timeoutSeconds: 2.5, json: false }],
    [
      'rebuild shop --store search --reason mapping --definition new.json',
      {
        name: 'rebuild',
        pipeline: 'shop',
        store: 'search',
        reason: 'mapping',
        definitionFile: 'new.json',
        json: false,
      },
    ],
  ])('reads: slipstream %s', (text, expected) => {
    expect(line(text)).toEqual(expected);
  });

  it.each([
    ['begin shop', /no command 'begin'\. The commands are init, /],
    ['statsu shop', /no command 'statsu'\. Did you mean 'status'\?/],
    ['stop shop --xyzzy', /stop: there is no option --xyzzy\. It takes --json, --help\./],
    ['pause shop --store', /pause: .*--store/],
    ['start', /needs a pipeline file/],
    ['status', /needs the name of a pipeline/],
    ['status shop search', /'search' is too much/],
    ['status shop --wach', /status: there is no option --wach\. Did you mean --watch\?/],
    ['copy shop', /one of --table TABLE, --pause and --resume/],
    ['copy shop --pause --table public.a', /one of --table/],
    ['copy shop --key {"id":1}', /--key needs the --table/],
    ['copy shop --table public.a --key 17', /key 1 is not an object/],
    ['stop shop --store search', /no option --store/],
    ['rebuild shop --reason x', /--store is missing/],
    ['rebuild shop --store search', /--reason is missing/],
    ['wait shop --timeout soon', /seconds above 0/],
    ['wait shop --timeout=-1', /seconds above 0/],
  ])('refuses, saying why: slipstream %s', (text, why) => {
    const refusal = () => line(text);
    expect(refusal).toThrow(why);
    expect(refusal).toThrow(CommandFailure);
  });
});
