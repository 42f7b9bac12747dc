import { availableParallelism, cpus, totalmem } from 'node:os';

/** What a figure must be read with. Nothing that names the machine itself. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${model}), ${memory} GiB, ${process.platform}, Node ${process.versions.node}`;
}
