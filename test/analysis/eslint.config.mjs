import parser from '@typescript-eslint/parser';
import unsanitized from 'eslint-plugin-no-unsanitized';
import redos from 'eslint-plugin-redos';
import regexp from 'eslint-plugin-regexp';
import security from 'eslint-plugin-security';

/** Rules that guess where others know, or find what is meant; docs/security.md gives the reasons. */
const off = [
  'detect-non-literal-fs-filename',
  'detect-non-literal-regexp',
  'detect-object-injection',
  'detect-possible-timing-attacks',
  'detect-unsafe-regex',
];

/** What a type checker and Biome do not look for: patterns that take long, code that is put together, secrets that are compared. */
export default [
  {
    files: ['**/*.{ts,tsx,mjs,cjs}'],
    languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    // Those in the sources are Biome's.
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    plugins: { redos, regexp, security, unsanitized },
    rules: {
      ...Object.fromEntries(
        Object.keys(security.rules)
          .filter((name) => !off.includes(name))
          .map((name) => [`security/${name}`, 'error']),
      ),
      'redos/no-vulnerable': 'error',
      'regexp/no-super-linear-backtracking': 'error',
      'regexp/no-super-linear-move': 'error',
      'unsanitized/method': 'error',
      'unsanitized/property': 'error',
    },
  },
];
