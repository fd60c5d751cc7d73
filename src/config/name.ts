import { quoted } from './control.js';

/** Names that a command or systemctl could take for something else: shop.service is also the unit shop. */
const SUFFIX = /\.(service|socket|target|slice|scope|timer|path|mount|automount|swap|device|snapshot|ini|d)$/u;

/**
 * What is wrong with an app's name, or null. The name stands raw in unit names, paths and patterns: `:` is what `-` becomes
 * in unit names that would else mean a hierarchy, so it must not occur by itself.
 */
export function appNameFault(name: string): { message: string; hint: string } | null {
  if (!/^[a-z0-9][a-z0-9_.-]{0,63}$/u.test(name)) {
    return {
      message: `${quoted(name)} cannot be the name of an app`,
      hint: 'a name has 1 to 64 of a-z, 0-9, _ . and -, and begins with a letter or digit: rename the file',
    };
  }
  const suffix = SUFFIX.exec(name)?.[0];
  if (suffix !== undefined) {
    return {
      message: `${quoted(name)} cannot be the name of an app: it ends in ${suffix}`,
      hint: `rename the file to ${name.slice(0, -suffix.length) || 'app'}.ini`,
    };
  }
  return null;
}
