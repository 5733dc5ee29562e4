export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}
export function run(program: string, args: readonly string[], options?: RunOptions): Promise<string>;
