import { escapeRegex, noArguments, type Selector } from './selector.ts';

/** The user's own arguments, in which `{pattern}` stands for the names, escaped for a regular expression and joined. */
export function templateSelector(template: { readonly arguments: string; readonly join: string }): Selector {
  return {
    selects: 'cases',
    baseArguments: noArguments,
    toArguments(cases) {
      const pattern = [...new Set(cases.map(({ name }) => escapeRegex(name)))].join(template.join);
      return template.arguments
        .split(/\s+/)
        .filter((word) => word !== '')
        .map((word) => word.replaceAll('{pattern}', () => pattern));
    },
    extras: () => 'cases of the same name in other suites run too',
  };
}
