import { useState } from 'preact/hooks';
import { api, asProblem, need } from '../api.ts';
import { signIn } from '../core/session.ts';
import { Brand } from './brand.tsx';

/** Asks for a key. It is tried before it is kept, and never leaves this page but in a header. */
export function SignIn({ reason }: { readonly reason: string | null }) {
  const [refusal, setRefusal] = useState(reason);
  const [busy, setBusy] = useState(false);

  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const key = String(fields.get('key') ?? '').trim();
    if (key === '') return setRefusal('Paste a key: it starts with prk_.');
    setBusy(true);
    try {
      const headers = { authorization: `Bearer ${key}` };
      await need(api.GET('/v1/runs', { params: { query: { limit: 1 } }, headers }));
      signIn(key, { remember: fields.get('remember') !== null });
    } catch (error) {
      const { status, sentence } = asProblem(error);
      setRefusal(
        status === 401 ? 'That key is unknown, revoked or expired. Check that all of it was copied.' : sentence,
      );
      setBusy(false);
    }
  };

  return (
    <main class="sign-in" id="main" tabIndex={-1}>
      <form onSubmit={onSubmit} aria-labelledby="sign-in-title">
        <Brand />
        <h1 id="sign-in-title">Sign in to Proctor</h1>
        <p class="dim">With an API key that has the scope PLAN_VIEW; PLAN_RUN lets you rerun, RUN_STOP stop.</p>
        {/* Password managers keep a key under a name. */}
        <input type="text" name="username" value="API key" autocomplete="username" hidden readOnly />
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          placeholder="prk_…"
          spellcheck={false}
          autofocus
          aria-invalid={refusal !== null}
          aria-describedby="key-refusal"
        />
        <p id="key-refusal" class="refusal" role="alert">
          {refusal}
        </p>
        <label class="check">
          <input type="checkbox" name="remember" /> Remember on this device
        </label>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'Checking…' : 'Sign in'}
        </button>
        <details>
          <summary>Where do I get a key?</summary>
          <p>
            Embedded, <code>npm start</code> prints one, and it is in <code>.proctor/admin.key</code>. Anywhere,
            somebody with KEY_ADMIN makes one:
          </p>
          <pre>proctor keys create reader --scope PLAN_VIEW PLAN_RUN RUN_STOP</pre>
        </details>
      </form>
    </main>
  );
}
