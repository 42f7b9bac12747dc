import { Meter, type Variant } from './meter';
import type { Answer } from './runner';
import { isVariant, variants, type VariantName } from './variants';

/** The other end of `openRunner`: one run per message, until the parent hangs up. */
async function answer(name: VariantName, spec: unknown): Promise<Answer> {
  const meter = new Meter();
  try {
    const changes = await (variants[name] as Variant<unknown>)(spec, meter);
    return { reading: { ...meter.reading, changes } };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const [name = ''] = process.argv.slice(2);
if (!isVariant(name)) throw new Error(`There is no variant '${name}'.`);
process.on('message', (spec: unknown) => void answer(name, spec).then((said) => process.send?.(said)));
// Orderly, so that a profile asked for by a flag of Node is written.
process.on('disconnect', () => process.exit(0));
