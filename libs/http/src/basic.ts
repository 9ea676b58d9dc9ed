/** What `Authorization: Basic` says of the user that a URL names (RFC 7617); undefined where it names none. */
export function basicOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeLeniently(username)}:${decodeLeniently(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A URL may hold a bare `%`. */
function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
