export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;

/** When output is coloured: `auto` is on a terminal, unless the environment says otherwise. */
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** Whether a terminal is to be written to in colours. NO_COLOR, if it isn't empty, says no (no-color.org). */
export function wantsColors(choice: ColorChoice, { NO_COLOR }: NodeJS.ProcessEnv): boolean {
  if (choice !== 'auto') return choice === 'always';
  return NO_COLOR === undefined || NO_COLOR === '';
}

/** Whether what calls itself TERM understands more than lines: cursor movements and colours. */
export function isCapable({ TERM }: NodeJS.ProcessEnv): boolean {
  return TERM !== undefined && TERM !== '' && TERM !== 'dumb';
}
