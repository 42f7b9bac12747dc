import { names } from '../../../client/arguments';
import { help } from '../../../client/help';
import { exitCodes } from '../../../client/outcome';
import { storeTypes } from '../../../model/pipeline-file';

describe('--help', () => {
  it('fits 100 columns', () => {
    expect(help.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('names every kind of store that a first file may have', () => {
    expect(help).toMatch(new RegExp(`TYPE is one of\n +${storeTypes.join(', ')}\n`));
  });

  it.each([...names])('has a line for %s', (name) => {
    expect(help).toContain(`\n  slipstream ${name} `);
  });

  it.each(Object.entries(exitCodes))('says what %s (%i) means, and for which commands', (_, code) => {
    const section = help.slice(help.indexOf('Exit codes'));
    expect(section).toMatch(new RegExp(`\\n  ${code} +\\S[^(]*(\\([^)]*\\)|.*\\n.*\\))`));
  });
});
