/** Says how long each part of a live test took: figures for notes, and the first thing to look at when one gets slow. */
export function stopwatch(what: string): (part: string) => void {
  let last = Date.now();
  return (part) => {
    const now = Date.now();
    process.stderr.write(`${what}: ${part} after ${((now - last) / 1000).toFixed(1)} s\n`);
    last = now;
  };
}
