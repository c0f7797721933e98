//! The room for `unsafe`: calls of `libpam.so.0`, and what it calls back.
//!
//! Names and numbers are those of Linux-PAM's `<security/pam_appl.h>` and `<security/_pam_types.h>`.
#![expect(unsafe_code, reason = "each block says why it is sound")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{NonNull, null, null_mut};

const LIBRARY: &CStr = c"libpam.so.0";

const PAM_SUCCESS: c_int = 0;
const PAM_BUF_ERR: c_int = 5;
const PAM_CONV_ERR: c_int = 19;

const PAM_USER: c_int = 2;
const PAM_RHOST: c_int = 4;

const PAM_PROMPT_ECHO_OFF: c_int = 1;
const PAM_ERROR_MSG: c_int = 3;
const PAM_TEXT_INFO: c_int = 4;

const PAM_DISALLOW_NULL_AUTHTOK: c_int = 0x1;
const PAM_SILENT: c_int = 0x8000;
/// Modules are to print nothing, and a user without a password has none that could be shown.
const FLAGS: c_int = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;

/// Most messages with which a module may come at once (`PAM_MAX_NUM_MSG`).
const MOST: usize = 32;

/// `pam_handle_t`, of which nothing is known here.
#[repr(C)]
struct Handle {
    _private: [u8; 0],
}

/// `struct pam_message`
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`
#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

/// `struct pam_conv`
#[repr(C)]
struct Conversation {
    converse: unsafe extern "C" fn(
        c_int,
        *const *const Message,
        *mut *mut Response,
        *mut c_void,
    ) -> c_int,
    data: *mut c_void,
}

type Start = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *mut *mut Handle,
) -> c_int;
type End = unsafe extern "C" fn(*mut Handle, c_int) -> c_int;
type Ask = unsafe extern "C" fn(*mut Handle, c_int) -> c_int;
type SetItem = unsafe extern "C" fn(*mut Handle, c_int, *const c_void) -> c_int;
type GetItem = unsafe extern "C" fn(*const Handle, c_int, *mut *const c_void) -> c_int;
type StrError = unsafe extern "C" fn(*mut Handle, c_int) -> *const c_char;

/// `libpam`, loaded for as long as the process lives: modules may leave behind what points into it.
#[derive(Clone, Copy)]
pub(crate) struct Library {
    start: Start,
    end: End,
    authenticate: Ask,
    acct_mgmt: Ask,
    set_item: SetItem,
    get_item: GetItem,
    strerror: StrError,
}

impl Library {
    /// Loads it.
    pub(crate) fn load() -> Result<Self, String> {
        // SAFETY: the name is a C string. The library's own start runs no code of ours. It is
        // global, because some modules expect to find its functions without naming it.
        let loaded = unsafe { libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        let loaded = NonNull::new(loaded).ok_or_else(last_error)?;
        // SAFETY: each type is that of the function of this name in `<security/pam_appl.h>` and
        // `<security/_pam_types.h>`, of which Linux-PAM has kept these since 1.0.
        unsafe {
            Ok(Self {
                start: std::mem::transmute::<*mut c_void, Start>(symbol(loaded, c"pam_start")?),
                end: std::mem::transmute::<*mut c_void, End>(symbol(loaded, c"pam_end")?),
                authenticate: std::mem::transmute::<*mut c_void, Ask>(symbol(
                    loaded,
                    c"pam_authenticate",
                )?),
                acct_mgmt: std::mem::transmute::<*mut c_void, Ask>(symbol(
                    loaded,
                    c"pam_acct_mgmt",
                )?),
                set_item: std::mem::transmute::<*mut c_void, SetItem>(symbol(
                    loaded,
                    c"pam_set_item",
                )?),
                get_item: std::mem::transmute::<*mut c_void, GetItem>(symbol(
                    loaded,
                    c"pam_get_item",
                )?),
                strerror: std::mem::transmute::<*mut c_void, StrError>(symbol(
                    loaded,
                    c"pam_strerror",
                )?),
            })
        }
    }

    /// Begins to ask about `user`, who shows `password`.
    pub(crate) fn start(
        self,
        service: &CStr,
        user: &CStr,
        password: CString,
    ) -> Result<Session, String> {
        let answers = Box::new(Answers {
            password: Some(password),
        });
        let mut session = Session {
            library: self,
            handle: null_mut(),
            last: PAM_SUCCESS,
            answers: Box::into_raw(answers),
        };
        let conversation = Conversation {
            converse,
            data: session.answers.cast(),
        };
        // SAFETY: the strings live until the call is over, which copies them and the structure.
        // What `data` points to lives until the session is dropped, which is after `pam_end`.
        let code = unsafe {
            (self.start)(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                &raw mut session.handle,
            )
        };
        if code == PAM_SUCCESS && !session.handle.is_null() {
            return Ok(session);
        }
        Err(session.words(code))
    }
}

/// One user's questions to PAM, from `pam_start` to `pam_end`.
pub(crate) struct Session {
    library: Library,
    handle: *mut Handle,
    last: c_int,
    answers: *mut Answers,
}

impl Session {
    /// From where the user comes (`PAM_RHOST`).
    pub(crate) fn set_client(&mut self, client: &CStr) -> Result<(), String> {
        // SAFETY: the handle is that of a session that goes on; PAM copies the string.
        let code =
            unsafe { (self.library.set_item)(self.handle, PAM_RHOST, client.as_ptr().cast()) };
        self.checked(code)
    }

    /// `pam_authenticate`: whether the password is the user's.
    pub(crate) fn authenticate(&mut self) -> Result<(), String> {
        // SAFETY: the handle is that of a session that goes on.
        let code = unsafe { (self.library.authenticate)(self.handle, FLAGS) };
        self.checked(code)
    }

    /// `pam_acct_mgmt`: whether the user may come in now.
    pub(crate) fn check_account(&mut self) -> Result<(), String> {
        // SAFETY: the handle is that of a session that goes on.
        let code = unsafe { (self.library.acct_mgmt)(self.handle, FLAGS) };
        self.checked(code)
    }

    /// Who the user is by now (`PAM_USER`).
    pub(crate) fn user(&mut self) -> Result<String, String> {
        let mut found = null();
        // SAFETY: the handle is that of a session that goes on, and `found` a place for a pointer.
        let code = unsafe { (self.library.get_item)(self.handle, PAM_USER, &raw mut found) };
        self.checked(code)?;
        if found.is_null() {
            return Err("PAM has forgotten the user".to_owned());
        }
        // SAFETY: the item is a C string that is PAM's until the session's next call.
        let name = unsafe { CStr::from_ptr(found.cast()) };
        let name = name.to_str().map_err(|error| error.to_string())?;
        Ok(name.to_owned())
    }

    fn checked(&mut self, code: c_int) -> Result<(), String> {
        self.last = code;
        if code == PAM_SUCCESS {
            Ok(())
        } else {
            Err(self.words(code))
        }
    }

    fn words(&self, code: c_int) -> String {
        // SAFETY: Linux-PAM does not look at the handle, and gives a string that lives for ever.
        let words = unsafe { (self.library.strerror)(self.handle, code) };
        if words.is_null() {
            return format!("error {code}");
        }
        // SAFETY: as above.
        let words = unsafe { CStr::from_ptr(words) };
        words.to_string_lossy().into_owned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: the handle came from `pam_start` and is used no more. Whatever it answers,
            // nothing is left to be done.
            unsafe { (self.library.end)(self.handle, self.last) };
        }
        // SAFETY: it came from a box, and PAM, which had a copy of the pointer, has ended.
        drop(unsafe { Box::from_raw(self.answers) });
    }
}

/// What is answered to modules.
struct Answers {
    /// Given to the first that asks for a secret, and to none after it.
    password: Option<CString>,
}

impl Answers {
    /// The answer to a message: `Ok(None)` for those that want none.
    fn to(&mut self, style: c_int) -> Result<Option<CString>, c_int> {
        match style {
            PAM_PROMPT_ECHO_OFF => self.password.take().map(Some).ok_or(PAM_CONV_ERR),
            PAM_ERROR_MSG | PAM_TEXT_INFO => Ok(None),
            _ => Err(PAM_CONV_ERR),
        }
    }
}

/// What PAM calls when a module has something to say or to ask: `struct pam_conv`, `conv`.
///
/// # Safety
///
/// As `pam_conv(3)` has it: `messages` points to `count` pointers to messages, `responses` to a
/// place for a pointer, and `data` is the one that `pam_start` was given.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let fits = usize::try_from(count)
        .ok()
        .filter(|count| (1..=MOST).contains(count));
    let Some(count) = fits else {
        return PAM_CONV_ERR;
    };
    if messages.is_null() || responses.is_null() || data.is_null() {
        return PAM_CONV_ERR;
    }
    // SAFETY: the pointer is that of the session whose call this happens in, which touches it at
    // no other time.
    let answers = unsafe { &mut *data.cast::<Answers>() };
    // SAFETY: a plain request for memory that is zero, and so without texts; PAM frees it.
    let given = unsafe { libc::calloc(count, size_of::<Response>()) }.cast::<Response>();
    if given.is_null() {
        return PAM_BUF_ERR;
    }
    for at in 0..count {
        // SAFETY: there are `count` of both, as PAM promises and as was made above.
        let (message, response) = unsafe { (*messages.add(at), given.add(at)) };
        let style = if message.is_null() {
            0
        } else {
            // SAFETY: it is not null, so PAM's promise holds.
            unsafe { (*message).style }
        };
        let code = match answers.to(style) {
            Ok(None) => continue,
            Ok(Some(text)) => {
                // SAFETY: a copy of a C string in memory that PAM can free; the place is ours.
                unsafe { (*response).text = libc::strdup(text.as_ptr()) };
                continue;
            }
            Err(code) => code,
        };
        // SAFETY: `at` responses may have texts, the others have none; all are from `calloc` and
        // `strdup`, and PAM does not look at them after an error.
        unsafe { forget(given, count) };
        return code;
    }
    // SAFETY: it is not null, so PAM's promise holds.
    unsafe { *responses = given };
    PAM_SUCCESS
}

/// Frees answers that nobody gets.
///
/// # Safety
///
/// There are `count` of them, from `calloc`, with texts from `strdup` or without.
unsafe fn forget(given: *mut Response, count: usize) {
    for at in 0..count {
        // SAFETY: as the caller promises; to free null does nothing.
        unsafe { libc::free((*given.add(at)).text.cast()) };
    }
    // SAFETY: as the caller promises.
    unsafe { libc::free(given.cast()) };
}

fn symbol(library: NonNull<c_void>, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the library is loaded, and the name a C string.
    let found = unsafe { libc::dlsym(library.as_ptr(), name.as_ptr()) };
    if found.is_null() {
        return Err(last_error());
    }
    Ok(found)
}

/// What the loader could not do.
fn last_error() -> String {
    // SAFETY: the string is the loader's, until this thread asks it for something else.
    let words = unsafe { libc::dlerror() };
    if words.is_null() {
        return "the library cannot be loaded".to_owned();
    }
    // SAFETY: as above.
    let words = unsafe { CStr::from_ptr(words) };
    words.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has [`converse`] answer messages of these styles, and gives its texts.
    fn answered(styles: &[c_int], password: &CStr) -> Result<Vec<Option<CString>>, c_int> {
        let mut answers = Answers {
            password: Some(password.to_owned()),
        };
        let messages: Vec<Message> = styles
            .iter()
            .map(|style| Message {
                style: *style,
                text: c"Password: ".as_ptr(),
            })
            .collect();
        let pointers: Vec<*const Message> = messages.iter().map(std::ptr::from_ref).collect();
        let mut given = null_mut();
        let count = c_int::try_from(styles.len()).unwrap();
        let data = (&raw mut answers).cast();
        // SAFETY: what PAM promises holds for these.
        let code = unsafe { converse(count, pointers.as_ptr(), &raw mut given, data) };
        if code != PAM_SUCCESS {
            assert!(given.is_null(), "nothing is given with an error");
            return Err(code);
        }
        let texts = (0..styles.len()).map(|at| {
            // SAFETY: there are as many answers as messages.
            let text = unsafe { (*given.add(at)).text };
            // SAFETY: a text that is there is a C string.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_owned())
        });
        let texts = texts.collect();
        // SAFETY: they came from `converse` and are looked at no more.
        unsafe { forget(given, styles.len()) };
        Ok(texts)
    }

    #[test]
    fn a_password_is_given_once() {
        let secret = c"secret";
        let given = Ok(vec![None, Some(secret.to_owned())]);
        let styles = [PAM_TEXT_INFO, PAM_PROMPT_ECHO_OFF];
        assert_eq!(answered(&styles, secret), given);
        assert_eq!(answered(&[PAM_ERROR_MSG], secret), Ok(vec![None]));
        for refused in [
            &[PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_OFF][..],
            &[PAM_PROMPT_ECHO_OFF, 2],
            &[7],
            &[],
            &[PAM_TEXT_INFO; MOST + 1],
        ] {
            assert_eq!(answered(refused, secret), Err(PAM_CONV_ERR), "{refused:?}");
        }
    }
}
