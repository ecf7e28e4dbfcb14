export function findProgram(): Promise<string>;
export function findBuilt(root: string): Promise<string>;
