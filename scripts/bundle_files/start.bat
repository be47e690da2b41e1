@echo off
rem Needs no network and no administrator. All of this is ASCII: cmd reads a batch file in the code
rem page of the console, 936 on one machine and 65001 on another. What is said in Chinese comes
rem from Python, which writes to a console in Unicode, and from a file in UTF-16, which type knows.
setlocal EnableExtensions DisableDelayedExpansion
set "GCM_ARGUMENT=%~1"
set "GCM_END=exit /b"
rem Explorer puts no quotes around a dropped path without a space, and cmd cuts that at a comma, a
rem caret or an ampersand. The line it was started with is whole, and is not read again when it is
rem expanded in this way. "exit" ends that cmd before it runs what follows an ampersand.
setlocal EnableDelayedExpansion
set "GCM_LINE=!cmdcmdline!"
if not "!GCM_LINE:%~nx0=!"=="!GCM_LINE!" set "GCM_END=exit"
setlocal DisableDelayedExpansion
if "%GCM_END%"=="exit /b" set "GCM_LINE="

rem The newer "py" would fetch a missing Python from the network.
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
set "GCM_FITS=import sys; sys.exit(sys.version_info[:2] != (@VERSION@) or sys.maxsize < 2**32)"
rem In the folder that was installed into, its own Python.
set "GCM_VERSION="
set "GCM_PYTHON=%~dp0Scripts\python.exe"
"%GCM_PYTHON%" -I -c "%GCM_FITS%" >nul 2>nul && goto found
set "GCM_PYTHON=py"
set "GCM_VERSION=-@PYTHON@"
"%GCM_PYTHON%" %GCM_VERSION% -I -c "%GCM_FITS%" >nul 2>nul && goto found
set "GCM_VERSION="
set "GCM_PYTHON=python"
"%GCM_PYTHON%" -I -c "%GCM_FITS%" >nul 2>nul && goto found
set "GCM_PYTHON=%LOCALAPPDATA%\Programs\Python\Python@SHORT@\python.exe"
"%GCM_PYTHON%" -I -c "%GCM_FITS%" >nul 2>nul && goto found
rem The installer of Python, if it was put beside this file, serves the present user alone.
for %%F in ("%~dp0python-@PYTHON@.*-amd64.exe") do "%%~fF" /quiet InstallAllUsers=0 PrependPath=0 Include_launcher=0 Include_test=0
"%GCM_PYTHON%" -I -c "%GCM_FITS%" >nul 2>nul && goto found
type "%~dp0no_python.txt"
set "GCM_CODE=2"
goto end

:found
"%GCM_PYTHON%" %GCM_VERSION% -I -X utf8 "%~dp0@SCRIPT@"
set "GCM_CODE=%ERRORLEVEL%"

:end
echo.
pause
%GCM_END% %GCM_CODE%
