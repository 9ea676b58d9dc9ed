/** Whom the registries and the token service let in. The password has a colon: the first colon alone ends a name. */
export const CREDENTIALS = { username: 'alice', password: 'wonder:land' } as const;

/** `htpasswd -Bbn alice wonder:land`: docker-registry takes bcrypt and nothing else. */
export const PASSWORD_FILE = 'alice:$2y$05$Gc.qoAfx0JeVuIKpbbo5TuO3xxZGi0i.1Iv20UBse5IyQ2NzE/HK.\n';
