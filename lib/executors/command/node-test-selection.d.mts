export declare const notPicked: string;
export declare function reportedName(name: string): string;
export declare function createFilter(
  cases: readonly { readonly suite: string; readonly name: string; readonly iterations?: readonly string[] }[],
): (path: readonly string[]) => boolean;
