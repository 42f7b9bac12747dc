import { distance } from 'fastest-levenshtein';

/** Two letters swapped are two changes; in a short word that much would make any other of it. */
function isSlip(word: string, candidate: string): boolean {
  const shorter = Math.min(word.length, candidate.length);
  const allowed = Math.max(shorter < 4 ? 1 : 2, Math.floor(shorter / 3));
  return distance(word.toLowerCase(), candidate.toLowerCase()) <= allowed;
}

/** The candidate that was probably meant; null when none is close. Of equally close ones the first. */
export function closest(word: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .filter((candidate) => isSlip(word, candidate))
    .sort((left, right) => distance(word, left) - distance(word, right));
  return ranked[0] ?? null;
}

/** `Did you mean 'x'?` when something is close, else what there is to choose from. */
export function suggest(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = closest(word, candidates);
  return meant === null ? otherwise : `Did you mean '${meant}'?`;
}
