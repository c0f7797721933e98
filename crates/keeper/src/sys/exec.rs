//! Programs to be executed, prepared while memory may still be allocated.

use std::ffi::{CString, NulError, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;

/// What `execve` needs, as C has it.
pub(crate) struct Image {
    /// Paths to try, in order.
    candidates: Vec<CString>,
    arguments: Strings,
    environment: Strings,
    /// Arguments for `/bin/sh` when a candidate turns out to be a script without `#!`.
    script: Vec<*const c_char>,
}

/// A NULL-terminated array of C strings.
struct Strings {
    pointers: Vec<*const c_char>,
    /// Owns what `pointers` points to.
    _owned: Vec<CString>,
}

impl Strings {
    fn new(owned: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = owned.iter().map(|text| text.as_ptr()).collect();
        pointers.push(ptr::null());
        Self {
            pointers,
            _owned: owned,
        }
    }
}

impl Image {
    /// A program with its arguments and environment; `argv[0]` is looked up in the environment's
    /// PATH unless it has a slash.
    ///
    /// An error if any of the texts has a NUL in it.
    pub(crate) fn new(
        argv: &[String],
        own_name: Option<&str>,
        env: &[(String, String)],
    ) -> Result<Self, NulError> {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        let path = env
            .iter()
            .find(|(key, _)| key == "PATH")
            .map(|(_, value)| value.as_str());
        let candidates = candidates(program, path.unwrap_or("/usr/local/bin:/usr/bin:/bin"))?;
        let mut arguments = Vec::with_capacity(argv.len());
        arguments.push(CString::new(own_name.unwrap_or(program))?);
        for argument in argv.iter().skip(1) {
            arguments.push(CString::new(argument.as_str())?);
        }
        let environment = env
            .iter()
            .map(|(key, value)| CString::new(format!("{key}={value}")))
            .collect::<Result<_, _>>()?;
        let arguments = Strings::new(arguments);
        let mut script = vec![c"/bin/sh".as_ptr(), ptr::null()];
        script.extend(arguments.pointers.iter().skip(1));
        Ok(Self {
            candidates,
            arguments,
            environment: Strings::new(environment),
            script,
        })
    }

    /// Becomes the program, or returns the number of the error that matters most.
    /// Allocates nothing, so that it may run between fork and exec.
    pub(crate) fn execute(&mut self) -> i32 {
        let mut error = libc::ENOENT;
        for candidate in &self.candidates {
            let environment = self.environment.pointers.as_ptr();
            // SAFETY: all arrays are NULL-terminated and all strings live as long as `self`.
            unsafe {
                libc::execve(
                    candidate.as_ptr(),
                    self.arguments.pointers.as_ptr(),
                    environment,
                )
            };
            match errno() {
                libc::ENOENT | libc::ENOTDIR => {}
                libc::ENOEXEC => {
                    if let Some(path) = self.script.get_mut(1) {
                        *path = candidate.as_ptr();
                    }
                    // SAFETY: as above; `script` ends with the arguments' own NULL.
                    unsafe { libc::execve(c"/bin/sh".as_ptr(), self.script.as_ptr(), environment) };
                    return libc::ENOEXEC;
                }
                libc::EACCES => error = libc::EACCES,
                other => return other,
            }
        }
        error
    }
}

fn candidates(program: &str, path: &str) -> Result<Vec<CString>, NulError> {
    if program.contains('/') {
        return Ok(vec![CString::new(program)?]);
    }
    path.split(':')
        .map(|folder| if folder.is_empty() { "." } else { folder })
        .map(|folder| PathBuf::from(folder).join(program))
        .map(|path| CString::new(path.as_os_str().as_bytes()))
        .collect()
}

/// The number of the last failed call's error.
pub(crate) fn errno() -> i32 {
    // SAFETY: the location is this thread's own and always valid.
    unsafe { *libc::__errno_location() }
}
