import { setTheme, THEMES, theme } from '../state/theme';
import { setLanguage, words } from '../words/words';

/** Controls of theme and language, which are available before signing in, too. */
export function Preferences() {
  const { nav, language: name } = words.value;
  return (
    <>
      <label class="pref">
        {nav.theme}
        <select
          value={theme.value}
          onChange={({ currentTarget }) => setTheme(THEMES[currentTarget.selectedIndex] ?? 'auto')}
        >
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {nav.themes[each]}
            </option>
          ))}
        </select>
      </label>
      <button
        class="btn"
        type="button"
        lang={name === 'English' ? 'zh-Hans' : 'en'}
        onClick={() => void setLanguage(name === 'English' ? 'zh' : 'en')}
      >
        {name === 'English' ? '中文' : 'English'}
      </button>
    </>
  );
}
