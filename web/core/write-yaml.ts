import { stringify } from 'yaml';

/** As people write plans. Alone here, so that it is a file of its own, which is loaded when it is wanted. */
export function writeYaml(document: object): string {
  return stringify(document).trimEnd();
}
