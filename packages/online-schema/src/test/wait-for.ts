/** Resolves once the condition holds; whoever waits for ever is stopped by the test's own time limit. */
export async function waitFor(condition: () => Promise<boolean> | boolean, pollMs = 10): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, pollMs));
}
