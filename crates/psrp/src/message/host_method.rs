//! What a server may call on a client's host.

use super::number::numbers;
use crate::clixml::{Object, Value};

numbers! {
    /// A method of the client's host ([MS-PSRP] 2.2.3.17).
    HostMethod "System.Management.Automation.Remoting.RemoteHostMethodId" {
        /// The host's name.
        GET_NAME = 1 "GetName"
        /// The host's version.
        GET_VERSION = 2 "GetVersion"
        /// The host's id.
        GET_INSTANCE_ID = 3 "GetInstanceId"
        /// The culture.
        GET_CURRENT_CULTURE = 4 "GetCurrentCulture"
        /// The culture of the interface.
        GET_CURRENT_UI_CULTURE = 5 "GetCurrentUICulture"
        /// End, with an exit code.
        SET_SHOULD_EXIT = 6 "SetShouldExit"
        /// Begin a prompt inside of the prompt.
        ENTER_NESTED_PROMPT = 7 "EnterNestedPrompt"
        /// End that.
        EXIT_NESTED_PROMPT = 8 "ExitNestedPrompt"
        /// A program begins.
        NOTIFY_BEGIN_APPLICATION = 9 "NotifyBeginApplication"
        /// It ends.
        NOTIFY_END_APPLICATION = 10 "NotifyEndApplication"
        /// Read a line.
        READ_LINE = 11 "ReadLine"
        /// Read a line without showing it.
        READ_LINE_AS_SECURE_STRING = 12 "ReadLineAsSecureString"
        /// Write text.
        WRITE1 = 13 "Write1"
        /// Write text in colours.
        WRITE2 = 14 "Write2"
        /// End the line.
        WRITE_LINE1 = 15 "WriteLine1"
        /// Write a line.
        WRITE_LINE2 = 16 "WriteLine2"
        /// Write a line in colours.
        WRITE_LINE3 = 17 "WriteLine3"
        /// Write a line of an error.
        WRITE_ERROR_LINE = 18 "WriteErrorLine"
        /// Write a debug line.
        WRITE_DEBUG_LINE = 19 "WriteDebugLine"
        /// Show progress.
        WRITE_PROGRESS = 20 "WriteProgress"
        /// Write a verbose line.
        WRITE_VERBOSE_LINE = 21 "WriteVerboseLine"
        /// Write a line of a warning.
        WRITE_WARNING_LINE = 22 "WriteWarningLine"
        /// Ask for several values.
        PROMPT = 23 "Prompt"
        /// Ask for a credential.
        PROMPT_FOR_CREDENTIAL1 = 24 "PromptForCredential1"
        /// Ask for a credential of a kind.
        PROMPT_FOR_CREDENTIAL2 = 25 "PromptForCredential2"
        /// Ask for a choice.
        PROMPT_FOR_CHOICE = 26 "PromptForChoice"
        /// The colour of text.
        GET_FOREGROUND_COLOR = 27 "GetForegroundColor"
        /// Set the colour of text.
        SET_FOREGROUND_COLOR = 28 "SetForegroundColor"
        /// The colour behind text.
        GET_BACKGROUND_COLOR = 29 "GetBackgroundColor"
        /// Set the colour behind text.
        SET_BACKGROUND_COLOR = 30 "SetBackgroundColor"
        /// Where the cursor is.
        GET_CURSOR_POSITION = 31 "GetCursorPosition"
        /// Move the cursor.
        SET_CURSOR_POSITION = 32 "SetCursorPosition"
        /// Where the window is.
        GET_WINDOW_POSITION = 33 "GetWindowPosition"
        /// Move the window.
        SET_WINDOW_POSITION = 34 "SetWindowPosition"
        /// How large the cursor is.
        GET_CURSOR_SIZE = 35 "GetCursorSize"
        /// Make the cursor that large.
        SET_CURSOR_SIZE = 36 "SetCursorSize"
        /// How large the buffer is.
        GET_BUFFER_SIZE = 37 "GetBufferSize"
        /// Make the buffer that large.
        SET_BUFFER_SIZE = 38 "SetBufferSize"
        /// How large the window is.
        GET_WINDOW_SIZE = 39 "GetWindowSize"
        /// Make the window that large.
        SET_WINDOW_SIZE = 40 "SetWindowSize"
        /// The window's title.
        GET_WINDOW_TITLE = 41 "GetWindowTitle"
        /// Set the window's title.
        SET_WINDOW_TITLE = 42 "SetWindowTitle"
        /// How large the window may be.
        GET_MAX_WINDOW_SIZE = 43 "GetMaxWindowSize"
        /// How large the screen lets it be.
        GET_MAX_PHYSICAL_WINDOW_SIZE = 44 "GetMaxPhysicalWindowSize"
        /// Whether a key waits to be read.
        GET_KEY_AVAILABLE = 45 "GetKeyAvailable"
        /// Read a key.
        READ_KEY = 46 "ReadKey"
        /// Forget keys that were pressed.
        FLUSH_INPUT_BUFFER = 47 "FlushInputBuffer"
        /// Fill a part of the buffer.
        SET_BUFFER_CONTENTS1 = 48 "SetBufferContents1"
        /// Set a part of the buffer.
        SET_BUFFER_CONTENTS2 = 49 "SetBufferContents2"
        /// What stands in a part of the buffer.
        GET_BUFFER_CONTENTS = 50 "GetBufferContents"
        /// Move a part of the buffer.
        SCROLL_BUFFER_CONTENTS = 51 "ScrollBufferContents"
        /// Go into a runspace.
        PUSH_RUNSPACE = 52 "PushRunspace"
        /// Come back from it.
        POP_RUNSPACE = 53 "PopRunspace"
        /// Whether it is in one.
        GET_IS_RUNSPACE_PUSHED = 54 "GetIsRunspacePushed"
        /// The runspace.
        GET_RUNSPACE = 55 "GetRunspace"
        /// Ask for several choices.
        PROMPT_FOR_CHOICE_MULTIPLE_SELECTION = 56 "PromptForChoiceMultipleSelection"
    }
}

impl HostMethod {
    /// Whether the method gives nothing back, so that no answer is wanted.
    pub fn is_void(self) -> bool {
        matches!(
            self.0,
            6..=10 | 13..=22 | 28 | 30 | 32 | 34 | 36 | 38 | 40 | 42 | 47..=49 | 51..=53
        )
    }
}
