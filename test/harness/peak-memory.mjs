// Loaded before the command line: writes the greatest resident size, in KiB, where the test asks for it.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(process.env.ECLI_TEST_PEAK_MEMORY ?? '/dev/null', String(process.resourceUsage().maxRSS));
});
