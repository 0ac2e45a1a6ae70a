/**
 * The blocks of one language in a package's README.md and in the pages of its `docs`, in their order; none where it has
 * none. Default: `ts`.
 */
export function readExamples(packageFolder: string, language?: string): string[];

/**
 * Compiles each example as a module of its own, as strictly as the package itself, against the package's sources.
 *
 * @returns 0 and no output when all of it compiles; otherwise what the compiler says. Without an example it says that
 *   there is no input.
 */
export function compileExamples(
  packageFolder: string,
  examples: readonly string[],
): { readonly status: number | null; readonly output: string };
