import js from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

/** Who may import values of whom (design: no arrow points back). Everything not listed here is forbidden. */
const rooms = ['model', 'stream', 'stores', 'capture', 'activities', 'worker', 'workflows', 'client'];
const mayImport = {
  model: [],
  stream: ['model'],
  stores: ['model'],
  capture: ['model', 'stream'],
  activities: ['model', 'stream', 'stores', 'capture'],
  worker: ['model', 'stream', 'stores', 'capture', 'activities', 'workflows'],
  workflows: ['model', 'activities'],
  client: ['model', 'workflows'],
};
const leaves = ['stack', 'examples', 'bench', 'docs', 'test'];

const zones = rooms.flatMap((room) => [
  ...rooms
    .filter((other) => other !== room && !mayImport[room].includes(other))
    .map((other) => ({
      target: `./${room}`,
      from: `./${other}`,
      message: `${room} must not import ${other} (see docs/architecture.md).`,
    })),
  ...leaves.map((leaf) => ({
    target: `./${room}`,
    from: `./${leaf}`,
    message: `${leaf} is a leaf: nothing imports it.`,
  })),
]);

/** These commands look at servers themselves, by the worker's own means and no others (docs/decisions/0008). */
const lookers = ['client/doctor/doctor.ts', 'client/init/init.ts', 'client/plan/plan.ts', 'client/parked/parked.ts'];
const zonesOfLookers = zones.map((zone) =>
  zone.target === './client' && zone.from === './worker' ? { ...zone, except: ['./deps.ts'] } : zone,
);

/** One vendor library, one file or folder. */
const vendors = [
  { library: 'kafkajs', home: ['stream/**', 'test/support/**', 'test/unit/stream/**'] },
  { library: 'pg', home: ['capture/**', 'stores/postgres/**', 'examples/**', 'test/**', 'bench/**'] },
  { library: '@elastic/elasticsearch', home: ['stores/elasticsearch/**', 'test/**', 'bench/**'] },
  { library: 'ioredis', home: ['stores/redis/**', 'test/**', 'bench/**'] },
];
/** Rules of one name do not merge: what a room may not import is one list. */
const restrictions = rooms.map((room) => {
  const paths = vendors
    .filter(({ home }) => !home.some((glob) => glob.startsWith(`${room}/`)))
    .map(({ library, home }) => ({ name: library, message: `${library} belongs to ${home[0]}.` }));
  return { files: [`${room}/**/*.ts`], rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths }] } };
});

/** The leaves may import whatever a vendor's home names; what is at home in a part of them only, from there. */
const restrictionsOfLeaves = vendors
  .filter(({ home }) => !home.includes('test/**'))
  .map(({ library, home }) => ({
    files: leaves.map((leaf) => `${leaf}/**/*.ts`),
    ignores: home,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [{ name: library, message: `${library} belongs to ${home.slice(0, 2).join(' and ')}.` }] },
      ],
    },
  }));

export default js.config(
  { ignores: ['dist/**', 'node_modules/**', '.slipstream/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [...js.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      // Of ESLint's own recommended rules those that no type sees.
      'no-dupe-else-if': 'error',
      'no-duplicate-case': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
    },
  },
  { files: lookers, rules: { 'import-x/no-restricted-paths': ['error', { zones: zonesOfLookers }] } },
  ...restrictions,
  ...restrictionsOfLeaves,
  {
    // Workflows run in Temporal's sandbox: only types of activities, no Node built-ins, no zod values.
    files: ['workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['kafkajs', 'pg', '@elastic/elasticsearch', 'ioredis', 'zod'].map((name) => ({
            name,
            message: 'not in workflow code',
          })),
          patterns: [
            { group: ['node:*'], message: 'Node built-ins do not exist in workflow code.' },
            {
              group: ['**/model/pipeline', '**/model/settings', '**/activities/**'],
              allowTypeImports: true,
              message: 'types only: values would pull I/O or zod into the bundle.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['model/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'the model is pure' }] },
      ],
    },
  },
  {
    files: ['client/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts', 'docs/**/*.ts', 'test/faults/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['stack/**/*.js', '*.js'],
    extends: [js.configs.base],
    rules: { 'no-unused-vars': 'error', 'no-undef': 'off' },
  },
);
