import { setTheme, THEMES, theme } from '../state/theme';
import { setLanguage, words } from '../words/words';
import { Select } from './form';

/** Controls of theme and language, which are available before signing in, too. */
export function Preferences() {
  const { nav, language: name } = words.value;
  return (
    <>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is a child */}
      <label class="pref">
        {nav.theme}
        <Select value={theme.value} options={THEMES.map((each) => [each, nav.themes[each]])} onChange={setTheme} />
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
