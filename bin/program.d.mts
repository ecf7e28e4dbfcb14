import type { BuildOptions } from 'esbuild';

export function findProgram(): Promise<string>;
export function findBuilt(root: string): Promise<string>;
export const bundling: BuildOptions;
