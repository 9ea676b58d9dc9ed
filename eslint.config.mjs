import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

/** House rules that need no plug-in: syntax that is refused, and what to write instead. */
const refusedSyntax = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name: a default export has another name wherever it is imported.',
  },
  {
    selector: 'ExportAllDeclaration[exportKind="value"]',
    message: 'List what is exported by name: `export *` hides what a room shows.',
  },
  {
    selector: 'TSEnumDeclaration',
    message: 'Use a union of string literals, or an object `as const`.',
  },
];

export default defineConfig(
  { ignores: ['**/dist*/', '**/coverage/', '**/node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `return fail(…)` ends a function early, whatever `fail` returns.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Its `!` is what no-non-null-assertion refuses.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Numbers belong in messages as they are.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `process.env['NAME']` says that a name comes from outside.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // An empty method is how an interface is implemented where there is nothing to do.
      '@typescript-eslint/no-empty-function': [
        'error',
        { allow: ['arrowFunctions', 'methods', 'asyncMethods'] },
      ],
      // `async` also promises that a failure comes as a rejection, with or without an `await`.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', ...refusedSyntax],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts', '**/testing/**/*.ts', 'examples/**/*.ts'],
    rules: {
      // Tests hand methods to `expect` and build values that the types forbid.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'no-console': 'off',
    },
  },
  {
    // Types of C functions, and of ffi-rs as they are.
    files: ['libs/bpf/src/bindings.ts'],
    rules: {
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
    },
  },
  {
    files: ['**/*.{mjs,cjs}'],
    rules: {
      'no-restricted-syntax': ['error', ...refusedSyntax.slice(1)],
      eqeqeq: 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // The type check knows node's globals.
      'no-undef': 'off',
    },
  },
  prettier,
);
