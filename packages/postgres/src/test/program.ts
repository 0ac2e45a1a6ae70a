import { compileFunction } from 'node:vm';

/**
 * Compiles an expression as if it stood in a file of the program that uses this package, which is what stacks call it.
 * Tests lie in the package's own folder, whose frames say nothing about the program.
 */
export function compileProgram<Value>(file: string, expression: string): Value {
  return compileFunction(`return (${expression});`, [], { filename: file })() as Value;
}
