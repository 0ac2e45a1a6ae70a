import { compileProgram } from '../test/program';
import { readOrigin, renderSite } from './call-site';

/** Throws in a file of the program, or elsewhere, what is made there. */
function failIn(file: string, expression = `new Failure('secret of a customer')`, name = 'publish'): Error {
  const code = `function ${name}(Failure) { return ${expression}; }`;
  return compileProgram<(Failure: typeof Error) => Error>(file, code)(Error);
}

describe('where an error came from', () => {
  it('is the nearest frame of the program, without the message', () => {
    expect(readOrigin(failIn('/srv/app/hooks.js'))).toMatch(/^publish \(\/srv\/app\/hooks\.js:1:\d+\)$/);
  });

  it('is told as well when somebody has read the stack before', () => {
    const error = failIn('/srv/app/hooks.js');
    expect(error.stack).toContain('secret');
    expect(readOrigin(error)).toMatch(/^publish \(.*hooks\.js:1:\d+\)$/);
  });

  it.each([
    ['unread', () => undefined],
    ['read before', (error: Error) => error.stack],
  ])('is never a line of the message that looks like a frame, in a stack that is %s', (_, read) => {
    const error = failIn('/srv/app/hooks.js', `new Failure('x\\n    at alice (/home/alice.js:1:1)')`);
    read(error);
    expect(readOrigin(error)).toMatch(/^publish /);
  });

  it('is not guessed when the message was changed after the stack was read', () => {
    const error = failIn('/srv/app/hooks.js', `new Failure('x\\n    at alice (/home/alice.js:1:1)')`);
    expect(error.stack).toContain('alice');
    error.message = 'another';
    expect(readOrigin(error)).toBeUndefined();
  });

  it.each(['/srv/app/node_modules/axios/index.js', '/srv/app/node_modules/typeorm/index.js', 'node:net'])(
    'is whoever called into %s',
    (library) => {
      const relay = compileProgram<(fail: () => Error) => Error>(
        '/srv/app/hooks.js',
        'function relay(fail) { return fail(); }',
      );
      expect(readOrigin(relay(() => failIn(library)))).toMatch(/^relay \(\/srv\/app\/hooks\.js/);
    },
  );

  it('leaves the stack as it would have been', () => {
    const [one, other] = [failIn('/srv/app/hooks.js'), failIn('/srv/app/hooks.js')];
    readOrigin(one);
    expect(one.stack?.split('\n').slice(0, 2)).toEqual(other.stack?.split('\n').slice(0, 2));
    expect(one.stack).toContain('Error: secret of a customer\n    at publish (');
  });
});

describe('where something was called', () => {
  it('is told in five frames of the program at most', () => {
    const capture = (): object => {
      const site = {};
      Error.captureStackTrace(site, capture);
      return site;
    };
    const descend = compileProgram<(depth: number, capture: () => object) => object>(
      '/srv/app/deep.js',
      'function descend(depth, capture) { return depth === 0 ? capture() : descend(depth - 1, capture); }',
    );
    const lines = renderSite(descend(8, capture)).split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/^ {4}at descend \(\/srv\/app\/deep\.js:1:\d+\)$/);
  });

  it('is nothing where nobody noted it', () => {
    expect(renderSite(undefined)).toBe('');
    expect(renderSite({})).toBe('');
  });
});
