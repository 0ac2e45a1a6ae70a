import { compileProgram } from '../test/program';
import { describeHookFailure } from './hook-failure';

function publish() {}

describe('what a log says of a hook that failed', () => {
  it('is the hook, the name and code of the error, and where it came from, but not its message', () => {
    const fail = compileProgram<(Failure: typeof Error) => Error>(
      '/srv/app/publish.js',
      `function sendMail(Failure) {
         return Object.assign(new Failure('mail to alice@example.org'), { name: 'MailError', code: 'EAUTH' });
       }`,
    );
    const failure = describeHookFailure(publish, fail(Error));
    expect(failure).toEqual({
      hook: 'publish',
      error: 'MailError',
      code: 'EAUTH',
      site: expect.stringMatching(/^sendMail \(\/srv\/app\/publish\.js:2:\d+\)$/),
    });
  });

  it('leaves out what there is not', () => {
    expect(describeHookFailure(() => {}, 'alice@example.org')).toEqual({ error: 'string' });
    expect(describeHookFailure(() => {}, undefined)).toEqual({ error: 'undefined' });
  });

  it('leaves out a name or code that reads like a sentence: it may be about somebody', () => {
    const error = Object.assign(new Error('x'), { name: 'alice is unknown', code: 'no mailbox of alice' });
    const failure = describeHookFailure(() => {}, error);
    expect(JSON.stringify(failure)).not.toContain('alice');
  });

  it('is little of an error that cannot be read, which does no more harm than that', () => {
    const hostile = Object.defineProperty(new Error('x'), 'name', {
      get() {
        throw new Error('never');
      },
    });
    expect(describeHookFailure(publish, hostile)).toEqual({ error: 'unreadable' });
  });
});
