export declare const notPicked: string;
export declare function reportedName(name: string): string;
export declare function createFilter(
  cases: readonly {
    readonly suite: string;
    readonly className?: string;
    readonly name: string;
    readonly iterations?: readonly string[];
  }[],
  file?: string,
): (path: readonly string[]) => boolean;
