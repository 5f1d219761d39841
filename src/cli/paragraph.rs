//! Prose below a table.

/// The longest line of prose.
pub(super) const WIDTH: usize = 79;

/// Appends a paragraph, broken between words, behind a dash, and its further lines indented.
pub(super) fn wrap(paragraph: &str, text: &mut String) {
    text.push('-');
    let mut width = 1;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if width + 1 + length > WIDTH {
            text.push_str("\n ");
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + length;
    }
    text.push('\n');
}
