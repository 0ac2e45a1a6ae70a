// The key that the page asks with. It stays in this tab until that is closed, and is sent nowhere but to where the page
// came from.
const NAME = 'holdfast-key';
const GIVE_UP_MS = 8_000;
const byId = (id) => document.getElementById(id);

/** The service knows no such key, or it may not look at the console. */
export class KeyRefusedError extends Error {}

export const hasKey = () => sessionStorage.getItem(NAME) !== null;

/** Asks the service, with the key. */
export async function ask(path, method = 'GET') {
  const response = await fetch(path, {
    method,
    signal: AbortSignal.timeout(GIVE_UP_MS),
    credentials: 'same-origin',
    headers: { authorization: `Bearer ${sessionStorage.getItem(NAME)}` },
  });
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const { type, detail, title } = await response.json().catch(() => ({}));
  const text = detail ?? title ?? `The service answered ${response.status}.`;
  const isOfKey = response.status === 401 || type === '/problems/scope-missing';
  throw isOfKey ? new KeyRefusedError(text) : new Error(text);
}

/** The key is forgotten, and the page asks for another one, and says why. */
export function leave(reason = '') {
  sessionStorage.removeItem(NAME);
  byId('main').hidden = true;
  byId('pause').hidden = true;
  byId('leave').hidden = true;
  byId('login').hidden = false;
  byId('login-refusal').textContent = reason;
  byId('key').focus();
}

/** Calls back when somebody has given a key. */
export function awaitKey(onKey) {
  byId('leave').addEventListener('click', () => leave());
  byId('login').addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(NAME, byId('key').value.trim());
    byId('key').value = '';
    byId('login-refusal').textContent = '';
    onKey();
  });
}

/** The key is good: what it is for is shown instead of the question for it. */
export function enter() {
  const isNew = !byId('login').hidden;
  byId('login').hidden = true;
  byId('pause').hidden = false;
  byId('leave').hidden = false;
  byId('main').hidden = false;
  if (isNew) byId('main').focus({ preventScroll: true });
}
